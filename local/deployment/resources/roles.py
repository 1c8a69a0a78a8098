"""IAM: roles and what they may do."""

from functools import partial

from local.deployment.resources.request import Created, Handler, Request


def role(request: Request) -> Created:
    """Make a role."""
    iam, inputs, name = request.cloud.client("iam"), request.inputs, request.physical_name()
    made = iam.create_role(
        RoleName=name,
        Tags=inputs.tags(),
        **inputs.take(
            AssumeRolePolicyDocument="assumeRolePolicy",
            Description="description",
            MaxSessionDuration="maxSessionDuration",
            Path="path",
            PermissionsBoundary="permissionsBoundary",
        ),
    )["Role"]
    outputs = {"arn": made["Arn"], "name": name, "uniqueId": made["RoleId"]}
    return Created(name, partial(iam.delete_role, RoleName=name), outputs)


def role_policy(request: Request) -> Created:
    """Give a role rights, written into it."""
    iam, inputs, name = request.cloud.client("iam"), request.inputs, request.physical_name()
    role_name = inputs["role"]
    iam.put_role_policy(RoleName=role_name, PolicyName=name, PolicyDocument=inputs["policy"])
    return Created(
        f"{role_name}:{name}",
        partial(iam.delete_role_policy, RoleName=role_name, PolicyName=name),
        {"name": name},
    )


HANDLERS: dict[str, Handler] = {
    "aws:iam/role:Role": role,
    "aws:iam/rolePolicy:RolePolicy": role_policy,
}
