/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
export type StatusQueryVariables = Exact<{ [key: string]: never; }>;


export type StatusQuery = { connections: Array<{ platform: string, status: string, status_reason: string | null, last_synced_at: string | null }>, sync_runs: Array<{ platform: string, kind: string, status: string, progress: number, records_fetched: number, error_code: string | null }>, activities_aggregate: { aggregate: { count: number, sum: { distance_m: number | null, moving_time_s: number | null } | null } | null } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}

export const StatusDocument = new TypedDocumentString(`
    query Status {
  connections(order_by: {platform: asc}) {
    platform
    status
    status_reason
    last_synced_at
  }
  sync_runs(order_by: {started_at: desc}, limit: 5) {
    platform
    kind
    status
    progress
    records_fetched
    error_code
  }
  activities_aggregate {
    aggregate {
      count
      sum {
        distance_m
        moving_time_s
      }
    }
  }
}
    `) as unknown as TypedDocumentString<StatusQuery, StatusQueryVariables>;