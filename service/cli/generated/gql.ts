/* eslint-disable */
import * as types from './graphql.ts';



/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  query Status {\n    connections(order_by: { platform: asc }) {\n      platform\n      status\n      status_reason\n      last_synced_at\n    }\n    sync_runs(order_by: { started_at: desc }, limit: 5) {\n      platform\n      kind\n      status\n      progress\n      records_fetched\n      error_code\n    }\n    activities_aggregate {\n      aggregate {\n        count\n        sum {\n          distance_m\n          moving_time_s\n        }\n      }\n    }\n  }\n": typeof types.StatusDocument,
};
const documents: Documents = {
    "\n  query Status {\n    connections(order_by: { platform: asc }) {\n      platform\n      status\n      status_reason\n      last_synced_at\n    }\n    sync_runs(order_by: { started_at: desc }, limit: 5) {\n      platform\n      kind\n      status\n      progress\n      records_fetched\n      error_code\n    }\n    activities_aggregate {\n      aggregate {\n        count\n        sum {\n          distance_m\n          moving_time_s\n        }\n      }\n    }\n  }\n": types.StatusDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Status {\n    connections(order_by: { platform: asc }) {\n      platform\n      status\n      status_reason\n      last_synced_at\n    }\n    sync_runs(order_by: { started_at: desc }, limit: 5) {\n      platform\n      kind\n      status\n      progress\n      records_fetched\n      error_code\n    }\n    activities_aggregate {\n      aggregate {\n        count\n        sum {\n          distance_m\n          moving_time_s\n        }\n      }\n    }\n  }\n"): typeof import('./graphql.ts').StatusDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
