"""What Lambda's Amazon Linux 2023 brings, of that which the layer's programs need.

The system's own libraries are used, so that AWS patches them. The python3.13 runtime is built on
the minimal image of Amazon Linux 2023. Sources: the package lists of Lambda's images in
aws/aws-lambda-base-images issues 171 and 173 (openssl-libs, krb5-libs, libzstd, lz4-libs), and the
release notes of Amazon Linux 2023 (glibc 2.34, OpenSSL 3.0.8 at its first release).
"""

PROVIDED = {  # library: the package of Amazon Linux 2023 that holds it
    "ld-linux-aarch64.so.1": "glibc 2.34",
    "ld-linux-x86-64.so.2": "glibc 2.34",
    "libc.so.6": "glibc 2.34",
    "libm.so.6": "glibc 2.34",
    "libdl.so.2": "glibc 2.34",  # this and the next two hold nothing any more, for older programs
    "libpthread.so.0": "glibc 2.34",
    "librt.so.1": "glibc 2.34",
    "libcrypto.so.3": "openssl-libs 3.0",
    "libssl.so.3": "openssl-libs 3.0",
    "libgssapi_krb5.so.2": "krb5-libs 1.21",
    "liblz4.so.1": "lz4-libs 1.9",
    "libz.so.1": "zlib 1.2",
    "libzstd.so.1": "libzstd 1.5",
}

NEWEST_SYMBOLS = {"GLIBC": (2, 34), "OPENSSL": (3, 0, 0)}
"""The newest symbol versions that these packages have; a program may ask for older ones."""
