import type { Action, Metadata } from '../metadata/types.ts'
import { memberReasons, type TypeNames, typeNames, typeReasons } from './custom-type-names.ts'
import type { Model, Problem } from './model.ts'

/** Actions that no schema can show, by what their definition asks for. */
export function actionProblems({ actions, custom_types: types }: Metadata, model: Model): readonly Problem[] {
  const names = typeNames(types, model)
  return actions.flatMap((action) => {
    const { name } = action
    return reasons(action, names).map((reason) => ({
      name: `action ${name}`,
      reason: `in action "${name}": ${reason}`,
    }))
  })
}

/** The metadata without the actions that have one of the problems. */
export function withoutBadActions(metadata: Metadata, problems: readonly Problem[]): Metadata {
  const bad = new Set(problems.map(({ name }) => name))
  return { ...metadata, actions: metadata.actions.filter(({ name }) => !bad.has(`action ${name}`)) }
}

function reasons({ definition }: Action, names: TypeNames): readonly string[] {
  return [
    ...memberReasons(definition.arguments, { known: names.inputs, owner: 'the arguments' }),
    ...typeReasons(definition.output_type, { known: names.outputs, owner: 'the output' }),
  ]
}
