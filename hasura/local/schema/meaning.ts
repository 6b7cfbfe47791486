import type {
  GraphQLArgumentConfig,
  GraphQLField,
  GraphQLFieldConfig,
  GraphQLInputType,
  GraphQLOutputType,
} from 'graphql'
import type { Action } from '../metadata/types.ts'
import type { ValueType } from './column-values.ts'
import type { ColumnModel, RelationshipModel } from './model.ts'
import type { RoleTable } from './role-tables.ts'

export type AggregateOperation =
  | 'sum'
  | 'avg'
  | 'stddev'
  | 'stddev_pop'
  | 'stddev_samp'
  | 'variance'
  | 'var_pop'
  | 'var_samp'
  | 'max'
  | 'min'

/** A field that reads a table, at the top of a query or across a relationship. */
export type Reading = 'rows' | 'row' | 'aggregate' | 'stream'
export type Writing = 'insert' | 'insertOne' | 'update' | 'updateByKey' | 'updateMany' | 'delete' | 'deleteByKey'

/** What a field of the role's schema stands for; the compilers read nothing else from the schema. */
export type Meaning =
  | { readonly kind: 'read'; readonly reading: Reading; readonly table: RoleTable }
  | { readonly kind: 'write'; readonly writing: Writing; readonly table: RoleTable }
  | { readonly kind: 'action'; readonly action: Action }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'column'; readonly column: ColumnModel }
  | {
      readonly kind: 'related'
      readonly reading: Reading
      readonly relationship: RelationshipModel
      readonly target: RoleTable
    }
  | { readonly kind: 'aggregateFields' | 'nodes' | 'count' | 'affectedRows' | 'returning' }
  | { readonly kind: 'operation'; readonly operation: AggregateOperation }
  /** A field of an action's output, by its name in the handler's answer. */
  | { readonly kind: 'output'; readonly name: string }
  | {
      readonly kind: 'outputRelated'
      readonly reading: Reading
      /** Output field → column of the target. */
      readonly mapping: readonly (readonly [string, ColumnModel])[]
      readonly target: RoleTable
    }

/** How an argument or input field is read, where its GraphQL type does not say it. */
export interface InputFacts {
  /** A value for a column of this type: lenient. Without it the GraphQL type is strict. */
  readonly column?: ValueType
  /** Optional, but not to be given as null. */
  readonly refusesNull?: boolean
  readonly integer?: 'non-negative 32-bit' | '64-bit'
}

type FieldConfig = GraphQLFieldConfig<unknown, unknown>
type Arguments = Readonly<Record<string, GraphQLArgumentConfig>>

interface Extra {
  readonly args?: Arguments
  readonly description?: string | undefined
}

export function field(type: GraphQLOutputType, meaning: Meaning, { args = {}, description }: Extra = {}): FieldConfig {
  return { type, args, extensions: { meaning }, ...(description === undefined ? {} : { description }) }
}

/** Of introspection's own fields and `__typename` there is none. */
export function meaningOf({ extensions }: GraphQLField<unknown, unknown>): Meaning | undefined {
  return extensions['meaning'] as Meaning | undefined
}

export interface InputConfig {
  type: GraphQLInputType
  description?: string
  extensions: { facts: InputFacts }
}

/** The config of an argument or of an input field; both have the same shape. */
export function input(type: GraphQLInputType, facts: InputFacts = {}, description?: string): InputConfig {
  return { type, extensions: { facts }, ...(description === undefined ? {} : { description }) }
}

export function inputFacts({ extensions }: { readonly extensions: Readonly<Record<string, unknown>> }): InputFacts {
  return (extensions['facts'] as InputFacts | undefined) ?? {}
}
