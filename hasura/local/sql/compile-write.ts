import { isValueObject, itemsOf } from '../request/value.ts'
import type { Writing } from '../schema/meaning.ts'
import type { RoleTable } from '../schema/role-tables.ts'
import { deleteStep } from './delete.ts'
import { insertStep } from './insert.ts'
import { updateStep } from './update.ts'
import type { WriteContext, WriteStep } from './write.ts'

/** The steps of one mutation field, in order; `update_x_many` answers a list, the others exactly one. */
export interface WritePlan {
  readonly steps: readonly WriteStep[]
  readonly answersList: boolean
}

export function compileWrite(writing: Writing, context: WriteContext): WritePlan {
  if (writing === 'updateMany') {
    const updates = itemsOf(context.field.arguments['updates']).filter(isValueObject)
    return {
      steps: updates.map((update) => updateStep(context, granted(context.table, 'update'), update)),
      answersList: true,
    }
  }
  return { steps: [compileStep(writing, context)], answersList: false }
}

function compileStep(writing: Exclude<Writing, 'updateMany'>, context: WriteContext): WriteStep {
  switch (writing) {
    case 'insert':
      return insertStep(context, granted(context.table, 'insert'), 'response')
    case 'insertOne':
      return insertStep(context, granted(context.table, 'insert'), 'row')
    case 'update':
    case 'updateByKey':
      return updateStep(context, granted(context.table, 'update'), context.field.arguments)
    case 'delete':
      return deleteStep(context, granted(context.table, 'delete'), 'response')
    case 'deleteByKey':
      return deleteStep(context, granted(context.table, 'delete'), 'row')
  }
}

/** The schema offers a field only with its right; a missing one is a fault of this engine. */
function granted<K extends 'insert' | 'update' | 'delete'>(table: RoleTable, right: K): NonNullable<RoleTable[K]> {
  const rights = table[right]
  if (rights === undefined) throw new Error(`${right} of ${table.model.name} is in the schema without a permission`)
  return rights
}
