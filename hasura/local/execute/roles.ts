import type { Metadata } from '../metadata/types.ts'
import type { Model, Problem } from '../schema/model.ts'
import { buildRoleSchema } from '../schema/role-schema.ts'
import { adminTables, type RoleTables, roleTables } from '../schema/role-tables.ts'
import type { Session } from '../session.ts'
import type { RoleView } from './plan.ts'

const ADMIN = 'admin'
const NO_TABLES: RoleTables = new Map()

/** The schemas of all roles. Permissions are read at once, for their problems; a schema is built when first needed. */
export class Roles {
  readonly problems: readonly Problem[]
  readonly #metadata: Metadata
  readonly #tables = new Map<string, RoleTables>()
  readonly #views = new Map<string, RoleView>()

  constructor(metadata: Metadata, model: Model) {
    this.#metadata = metadata
    this.#tables.set(ADMIN, adminTables(model))
    const problems: Problem[] = []
    for (const role of namedRoles(metadata)) {
      const read = roleTables(role, model)
      this.#tables.set(role, read.tables)
      problems.push(...read.problems)
    }
    this.problems = problems
  }

  /** What the session's role sees. A role that no permission names sees nothing. */
  view({ role, backendOnly }: Session): RoleView {
    const tables = this.#tables.get(role)
    const key = JSON.stringify([tables === undefined ? null : role, backendOnly])
    const known = this.#views.get(key)
    if (known !== undefined) return known
    const visible = tables ?? NO_TABLES
    const schema = buildRoleSchema({ role, tables: visible, metadata: this.#metadata, backendOnly })
    const view = { schema, tables: visible }
    this.#views.set(key, view)
    return view
  }
}

function namedRoles({ sources: [source], actions }: Metadata): ReadonlySet<string> {
  const ofTables = source.tables.flatMap((table) => [
    ...(table.select_permissions ?? []),
    ...(table.insert_permissions ?? []),
    ...(table.update_permissions ?? []),
    ...(table.delete_permissions ?? []),
  ])
  const ofActions = actions.flatMap(({ permissions }) => permissions ?? [])
  return new Set([...ofTables, ...ofActions].map(({ role }) => role))
}
