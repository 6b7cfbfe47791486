import { AppError } from '../runtime/errors.ts'

/** What an API key may do: `upload:<platform>`, `webhook:<platform>` or `metrics:read`. */
export type Scope = `upload:${string}` | `webhook:${string}` | 'metrics:read'

export type KeyOwner = 'person' | 'machine'

/** A person's key uploads in their name; a machine's belongs to nobody and can therefore not upload. */
const KINDS: Readonly<Record<KeyOwner, readonly string[]>> = {
  person: ['upload'],
  machine: ['webhook', 'metrics'],
}

/** Throws access/scope_unknown, naming what is wrong, unless each scope exists and is one that such an owner may have. */
export function checkScopes(
  scopes: readonly string[],
  { owner, platforms }: { owner: KeyOwner; platforms: ReadonlyMap<string, unknown> },
): void {
  if (scopes.length === 0 || scopes.length > 20 || new Set(scopes).size !== scopes.length)
    throw new AppError('access/scope_unknown', { problem: 'give 1 to 20 different scopes' })
  for (const scope of scopes) {
    const [kind = '', target = '', ...rest] = scope.split(':')
    const exists = kind === 'metrics' ? target === 'read' : platforms.has(target)
    if (!exists || rest.length > 0 || !KINDS[owner].includes(kind))
      throw new AppError('access/scope_unknown', { problem: `a ${owner}'s key cannot have one of the scopes given` })
  }
}
