import { z } from 'zod'

/** What this engine implements of metadata v3, as strict shapes: any other key is refused when it is read. */

const TableName = z.preprocess(
  (value) => (typeof value === 'string' ? { schema: 'public', name: value } : value),
  z.strictObject({ schema: z.string().default('public'), name: z.string() }),
)
const ColumnList = z.union([z.literal('*'), z.array(z.string())])
const Expression = z.record(z.string(), z.unknown())
const Presets = z.record(z.string(), z.unknown()).exactOptional()
const Comment = z.string().exactOptional()

const rolePermission = <P extends z.ZodType>(permission: P) =>
  z
    .array(
      z.strictObject({
        role: z.string().refine((role) => role !== 'admin', 'role admin has every permission already'),
        permission,
        comment: Comment,
      }),
    )
    .exactOptional()

const SELECT_FIELDS = ['select', 'select_by_pk', 'select_aggregate', 'select_stream'] as const

const SelectPermission = z.strictObject({
  columns: ColumnList,
  filter: Expression,
  limit: z.int().nonnegative().exactOptional(),
  allow_aggregations: z.boolean().exactOptional(),
  query_root_fields: z
    .array(z.enum(['select', 'select_by_pk', 'select_aggregate']))
    .nullable()
    .exactOptional(),
  subscription_root_fields: z.array(z.enum(SELECT_FIELDS)).nullable().exactOptional(),
})

const InsertPermission = z.strictObject({
  check: Expression,
  columns: ColumnList.exactOptional(),
  set: Presets,
  backend_only: z.boolean().exactOptional(),
})

const UpdatePermission = z.strictObject({
  columns: ColumnList,
  filter: Expression,
  check: Expression.nullable().exactOptional(),
  set: Presets,
  backend_only: z.boolean().exactOptional(),
})

const DeletePermission = z.strictObject({ filter: Expression, backend_only: z.boolean().exactOptional() })

const ForeignKey = z.union([
  z.string(),
  z.array(z.string()),
  z.strictObject({
    table: TableName,
    column: z.string().exactOptional(),
    columns: z.array(z.string()).exactOptional(),
  }),
])

const Relationships = z
  .array(
    z.strictObject({
      name: z.string(),
      comment: Comment,
      using: z.strictObject({
        foreign_key_constraint_on: ForeignKey.exactOptional(),
        manual_configuration: z
          .strictObject({
            remote_table: TableName,
            column_mapping: z.record(z.string(), z.string()),
            // Decides the order of nested inserts only, and those are not offered.
            insertion_order: z.enum(['before_parent', 'after_parent']).nullable().exactOptional(),
          })
          .exactOptional(),
      }),
    }),
  )
  .exactOptional()

const Headers = z
  .array(
    z.strictObject({ name: z.string(), value: z.string().exactOptional(), value_from_env: z.string().exactOptional() }),
  )
  .exactOptional()

const TriggerOperation = z.strictObject({ columns: ColumnList, payload: ColumnList.exactOptional() }).exactOptional()

const EventTrigger = z
  .strictObject({
    name: z
      .string()
      .max(42)
      .regex(/^[A-Za-z]+[A-Za-z0-9_-]*$/, 'an event trigger name is letters, digits, _ and -, a letter first'),
    definition: z.strictObject({
      enable_manual: z.boolean().exactOptional(),
      insert: TriggerOperation,
      update: TriggerOperation,
      delete: TriggerOperation,
    }),
    webhook: z.string().exactOptional(),
    webhook_from_env: z.string().exactOptional(),
    retry_conf: z
      .strictObject({
        num_retries: z.int().nonnegative().exactOptional(),
        interval_sec: z.int().nonnegative().exactOptional(),
        timeout_sec: z.int().positive().exactOptional(),
      })
      .exactOptional(),
    headers: Headers,
  })
  .refine(
    (trigger) => (trigger.webhook === undefined) !== (trigger.webhook_from_env === undefined),
    'give exactly one of webhook and webhook_from_env',
  )

const RootField = z.union([z.string(), z.strictObject({ name: z.string().exactOptional(), comment: Comment })])

const TableConfiguration = z.strictObject({
  custom_name: z.string().exactOptional(),
  comment: Comment,
  custom_root_fields: z
    .partialRecord(
      z.enum([
        ...SELECT_FIELDS,
        'insert',
        'insert_one',
        'update',
        'update_by_pk',
        'update_many',
        'delete',
        'delete_by_pk',
      ]),
      RootField,
    )
    .exactOptional(),
  // The older spelling of column_config; the CLI still exports both.
  custom_column_names: z.record(z.string(), z.string()).exactOptional(),
  column_config: z
    .record(z.string(), z.strictObject({ custom_name: z.string().exactOptional(), comment: Comment }))
    .exactOptional(),
})

const TableSchema = z.strictObject({
  table: TableName,
  is_enum: z.boolean().exactOptional(),
  configuration: TableConfiguration.exactOptional(),
  object_relationships: Relationships,
  array_relationships: Relationships,
  select_permissions: rolePermission(SelectPermission),
  insert_permissions: rolePermission(InsertPermission),
  update_permissions: rolePermission(UpdatePermission),
  delete_permissions: rolePermission(DeletePermission),
  event_triggers: z.array(EventTrigger).exactOptional(),
})

const Argument = z.strictObject({ name: z.string(), type: z.string(), description: z.string().exactOptional() })

const ActionSchema = z.strictObject({
  name: z.string(),
  comment: Comment,
  permissions: z.array(z.strictObject({ role: z.string() })).exactOptional(),
  definition: z.strictObject({
    type: z.enum(['query', 'mutation']),
    kind: z.literal('synchronous', 'asynchronous actions are not implemented').exactOptional(),
    handler: z.string(),
    arguments: z
      .array(Argument)
      .nullish()
      .transform((list) => list ?? []),
    output_type: z.string(),
    forward_client_headers: z.boolean().exactOptional(),
    headers: Headers,
    timeout: z.number().positive().exactOptional(),
  }),
})

const Named = { name: z.string(), description: z.string().exactOptional() }

const CustomTypesSchema = z.strictObject({
  input_objects: z.array(z.strictObject({ ...Named, fields: z.array(Argument) })).default([]),
  objects: z
    .array(
      z.strictObject({
        ...Named,
        fields: z.array(Argument),
        relationships: z
          .array(
            z.strictObject({
              name: z.string(),
              type: z.enum(['object', 'array']),
              remote_table: TableName,
              source: z.string().exactOptional(),
              field_mapping: z.record(z.string(), z.string()),
            }),
          )
          .exactOptional(),
      }),
    )
    .default([]),
  scalars: z.array(z.strictObject(Named)).default([]),
  enums: z
    .array(
      z.strictObject({
        ...Named,
        values: z.array(z.strictObject({ value: z.string(), description: z.string().exactOptional() })),
      }),
    )
    .default([]),
})

const milliseconds = z.number().nonnegative().exactOptional()

const SourceSchema = z.strictObject({
  name: z.string(),
  kind: z.literal('postgres'),
  configuration: z.strictObject({
    connection_info: z.strictObject({
      database_url: z.union([z.string(), z.strictObject({ from_env: z.string() })]),
      isolation_level: z.literal('read-committed').exactOptional(),
      use_prepared_statements: z.boolean().exactOptional(),
      pool_settings: z
        .strictObject({
          max_connections: z.int().positive().exactOptional(),
          idle_timeout: milliseconds,
          retries: milliseconds,
          pool_timeout: milliseconds,
          connection_lifetime: milliseconds,
        })
        .exactOptional(),
    }),
    extensions_schema: z.string().exactOptional(),
  }),
  customization: z.strictObject({}).exactOptional(),
  tables: z.array(TableSchema),
  functions: z.tuple([]).exactOptional(),
})

/** Whose trace an action or event belongs to is passed on; nothing is exported. */
const OpenTelemetrySchema = z.strictObject({
  status: z.enum(['enabled', 'disabled']).exactOptional(),
  data_types: z
    .array(z.string())
    .max(0, 'must be empty: the stand-in has no exporter, use the real Hasura')
    .exactOptional(),
  exporter_otlp: z
    .strictObject({
      protocol: z.literal('http/protobuf').exactOptional(),
      headers: z.array(z.never()).exactOptional(),
      resource_attributes: z.array(z.never()).exactOptional(),
      traces_propagators: z.array(z.enum(['b3', 'tracecontext'])).exactOptional(),
    })
    .exactOptional(),
  batch_span_processor: z.strictObject({ max_export_batch_size: z.int() }).exactOptional(),
})

export const MetadataSchema = z.strictObject({
  version: z.literal(3),
  opentelemetry: OpenTelemetrySchema.exactOptional(),
  sources: z.tuple([SourceSchema]),
  actions: z.array(ActionSchema).default([]),
  custom_types: CustomTypesSchema.prefault({}),
  query_collections: z
    .array(
      z.strictObject({
        name: z.string(),
        definition: z.strictObject({ queries: z.array(z.strictObject({ name: z.string(), query: z.string() })) }),
        comment: Comment,
      }),
    )
    .default([]),
  allow_list: z
    .array(
      z.strictObject({ collection: z.string(), scope: z.strictObject({ global: z.literal(true) }).exactOptional() }),
    )
    .default([]),
})
