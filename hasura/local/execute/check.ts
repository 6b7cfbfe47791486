import type { Queryable } from '../catalog/introspect.ts'
import { readCatalog } from '../catalog/read-catalog.ts'
import type { Metadata } from '../metadata/types.ts'
import { buildModel } from '../schema/build-model.ts'
import type { Inconsistency } from './engine-types.ts'
import { Roles } from './roles.ts'

/** What of the metadata the database, as the connection sees it, does not have or does not allow. */
export async function findInconsistencies(
  metadata: Metadata,
  connection: Queryable,
): Promise<readonly Inconsistency[]> {
  const catalog = await readCatalog(connection, metadata.sources[0].tables)
  const { model, problems } = buildModel({ metadata, catalog, stringifyNumericTypes: false })
  const roles = new Roles(metadata, model)
  return [...problems, ...roles.problems]
}
