import {
  GraphQLBoolean,
  GraphQLEnumType,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  type GraphQLNamedType,
  GraphQLScalarType,
  GraphQLString,
} from 'graphql'
import type { ColumnModel, RelationshipModel } from './model.ts'
import type { RoleTable, RoleTables } from './role-tables.ts'

const BUILT_IN = new Map<string, GraphQLScalarType>(
  [GraphQLInt, GraphQLFloat, GraphQLString, GraphQLBoolean, GraphQLID].map((type) => [type.name, type]),
)

/** Stands in an enum that would have no value: GraphQL has no empty enums. Hasura's own word. */
export const PLACEHOLDER = '_PLACEHOLDER'

const ORDERS = ['asc', 'asc_nulls_first', 'asc_nulls_last', 'desc', 'desc_nulls_first', 'desc_nulls_last']

/** The named types of one role's schema while it is being built: each name once, made when first asked for. */
export class TypeScope {
  readonly tables: RoleTables
  readonly #types = new Map<string, GraphQLNamedType>()

  constructor(tables: RoleTables) {
    this.tables = tables
  }

  /** The type of that name. The name decides the kind of type, so the maker of the first one made the same kind. */
  named<T extends GraphQLNamedType>(name: string, make: (name: string) => T): T {
    const known = this.#types.get(name)
    if (known !== undefined) return known as T
    const made = make(name)
    this.#types.set(name, made)
    return made
  }

  scalar(name: string): GraphQLScalarType {
    return BUILT_IN.get(name) ?? this.named(name, () => new GraphQLScalarType({ name }))
  }

  enumeration(name: string, values: readonly string[]): GraphQLEnumType {
    const listed = values.length === 0 ? [PLACEHOLDER] : values
    return this.named(
      name,
      () => new GraphQLEnumType({ name, values: Object.fromEntries(listed.map((value) => [value, {}])) }),
    )
  }

  /** Of the column, or of its elements when it is an array. */
  columnType({ scalar, values }: Pick<ColumnModel, 'scalar' | 'values'>): GraphQLScalarType | GraphQLEnumType {
    if (values === undefined) return this.scalar(scalar)
    const described = values.map(({ value, comment }) => [value, comment === null ? {} : { description: comment }])
    return this.named(scalar, (name) => new GraphQLEnumType({ name, values: Object.fromEntries(described) }))
  }

  orderBy(): GraphQLEnumType {
    return this.enumeration('order_by', ORDERS)
  }

  /** The other end of a relationship, if the role may select there. */
  findTarget({ target }: RelationshipModel): RoleTable | undefined {
    const table = this.tables.get(target)
    return table?.select === undefined ? undefined : table
  }
}
