/* Snapper's stand-in for postgres_fdw, for trials alone: without a handler nothing can be reached by it. */
CREATE FOREIGN DATA WRAPPER postgres_fdw;
