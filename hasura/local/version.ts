/** The release whose behavior this engine copies; it is also what `/v1/version` and `User-Agent` say. */
export const HASURA_VERSION = 'v2.50.10'
