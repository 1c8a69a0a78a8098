/* Snapper's stand-in for file_fdw, for trials alone: without a handler nothing can be reached by it. */
CREATE FOREIGN DATA WRAPPER file_fdw;
