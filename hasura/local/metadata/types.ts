/** The part of Hasura's metadata v3 that this engine serves, as it stands in the files (`actions.graphql` merged in). */

export interface TableName {
  readonly schema: string
  readonly name: string
}

/** A permission expression; its shape is checked when it is compiled. */
export type BooleanExpression = Readonly<Record<string, unknown>>

export type ColumnList = '*' | readonly string[]

export interface SelectPermission {
  readonly columns: ColumnList
  readonly filter: BooleanExpression
  readonly limit?: number
  readonly allow_aggregations?: boolean
  readonly query_root_fields?: readonly string[] | null
  readonly subscription_root_fields?: readonly string[] | null
}

export interface InsertPermission {
  readonly check: BooleanExpression
  readonly columns?: ColumnList
  readonly set?: Readonly<Record<string, unknown>>
  readonly backend_only?: boolean
}

export interface UpdatePermission {
  readonly columns: ColumnList
  readonly filter: BooleanExpression
  readonly check?: BooleanExpression | null
  readonly set?: Readonly<Record<string, unknown>>
  readonly backend_only?: boolean
}

export interface DeletePermission {
  readonly filter: BooleanExpression
  readonly backend_only?: boolean
}

export interface RolePermission<P> {
  readonly role: string
  readonly permission: P
  readonly comment?: string
}

export interface Relationship {
  readonly name: string
  readonly comment?: string
  readonly using: {
    /** Column(s) of this table, or of the remote one when it names a table. */
    readonly foreign_key_constraint_on?:
      | string
      | readonly string[]
      | { readonly table: TableName; readonly column?: string; readonly columns?: readonly string[] }
    readonly manual_configuration?: {
      readonly remote_table: TableName
      readonly column_mapping: Readonly<Record<string, string>>
    }
  }
}

export interface HeaderConfiguration {
  readonly name: string
  readonly value?: string
  readonly value_from_env?: string
}

export interface EventTrigger {
  readonly name: string
  readonly definition: {
    readonly enable_manual?: boolean
    readonly insert?: { readonly columns: ColumnList; readonly payload?: ColumnList }
    readonly update?: { readonly columns: ColumnList; readonly payload?: ColumnList }
    readonly delete?: { readonly columns: ColumnList; readonly payload?: ColumnList }
  }
  readonly webhook?: string
  readonly webhook_from_env?: string
  readonly retry_conf?: {
    readonly num_retries?: number
    readonly interval_sec?: number
    readonly timeout_sec?: number
  }
  readonly headers?: readonly HeaderConfiguration[]
}

export type RootFieldName =
  | 'select'
  | 'select_by_pk'
  | 'select_aggregate'
  | 'select_stream'
  | 'insert'
  | 'insert_one'
  | 'update'
  | 'update_by_pk'
  | 'update_many'
  | 'delete'
  | 'delete_by_pk'

export interface Table {
  readonly table: TableName
  readonly is_enum?: boolean
  readonly configuration?: {
    readonly custom_name?: string
    readonly comment?: string
    readonly custom_root_fields?: Readonly<
      Partial<Record<RootFieldName, string | { readonly name?: string; readonly comment?: string }>>
    >
    readonly custom_column_names?: Readonly<Record<string, string>>
    readonly column_config?: Readonly<Record<string, { readonly custom_name?: string; readonly comment?: string }>>
  }
  readonly object_relationships?: readonly Relationship[]
  readonly array_relationships?: readonly Relationship[]
  readonly select_permissions?: readonly RolePermission<SelectPermission>[]
  readonly insert_permissions?: readonly RolePermission<InsertPermission>[]
  readonly update_permissions?: readonly RolePermission<UpdatePermission>[]
  readonly delete_permissions?: readonly RolePermission<DeletePermission>[]
  readonly event_triggers?: readonly EventTrigger[]
}

/** `type` is in GraphQL notation: `[SampleInput!]!`. */
export interface Argument {
  readonly name: string
  readonly type: string
  readonly description?: string
}

export interface Action {
  readonly name: string
  readonly comment?: string
  readonly permissions?: readonly { readonly role: string }[]
  readonly definition: {
    readonly type: 'query' | 'mutation'
    readonly kind?: 'synchronous'
    readonly handler: string
    readonly arguments: readonly Argument[]
    readonly output_type: string
    readonly forward_client_headers?: boolean
    readonly headers?: readonly HeaderConfiguration[]
    /** Seconds; Hasura's default is 30. */
    readonly timeout?: number
  }
}

export interface CustomTypes {
  readonly input_objects: readonly {
    readonly name: string
    readonly description?: string
    readonly fields: readonly Argument[]
  }[]
  readonly objects: readonly {
    readonly name: string
    readonly description?: string
    readonly fields: readonly Argument[]
    readonly relationships?: readonly {
      readonly name: string
      readonly type: 'object' | 'array'
      readonly remote_table: TableName
      readonly source?: string
      readonly field_mapping: Readonly<Record<string, string>>
    }[]
  }[]
  readonly scalars: readonly { readonly name: string; readonly description?: string }[]
  readonly enums: readonly {
    readonly name: string
    readonly description?: string
    readonly values: readonly { readonly value: string; readonly description?: string }[]
  }[]
}

export interface Source {
  readonly name: string
  readonly kind: 'postgres'
  readonly configuration: {
    readonly connection_info: {
      readonly database_url: string | { readonly from_env: string }
      readonly pool_settings?: { readonly max_connections?: number }
    }
  }
  readonly tables: readonly Table[]
}

/** What decides in which headers a trace is passed on. */
export interface OpenTelemetry {
  readonly status?: 'enabled' | 'disabled'
  readonly exporter_otlp?: { readonly traces_propagators?: readonly ('b3' | 'tracecontext')[] }
}

export interface Metadata {
  readonly version: 3
  readonly opentelemetry?: OpenTelemetry
  readonly sources: readonly [Source]
  readonly actions: readonly Action[]
  readonly custom_types: CustomTypes
  readonly query_collections: readonly {
    readonly name: string
    readonly definition: { readonly queries: readonly { readonly name: string; readonly query: string }[] }
  }[]
  readonly allow_list: readonly { readonly collection: string }[]
}
