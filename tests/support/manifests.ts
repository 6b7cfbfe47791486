import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'

export const DEPLOYED = ['base', 'overlays/blue-green', 'overlays/example', 'overlays/mtls'] as const
const DIRECTORY = join(import.meta.dirname, '../../deploy/kubernetes')
const read = (path: string) => readFileSync(join(DIRECTORY, path), 'utf8')

interface Named {
  readonly name: string
}
export interface Container extends Named {
  readonly image?: string
  readonly args?: readonly string[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly volumeMounts?: readonly (Named & { readonly mountPath: string })[]
}
export interface Pod {
  readonly serviceAccountName?: string
  readonly containers: readonly Container[]
  readonly volumes?: readonly (Named & {
    readonly configMap?: Named
    readonly secret?: { readonly secretName: string }
  })[]
}
export interface Manifest {
  readonly kind: string
  readonly metadata: Named & { readonly annotations?: Readonly<Record<string, string>> }
  // oxlint-disable-next-line typescript/no-explicit-any -- of many shapes, which the schema of Kubernetes is asked about elsewhere
  readonly spec: Record<string, any>
  readonly data?: Readonly<Record<string, string>>
}
export interface Deployed {
  readonly name: string
  readonly objects: readonly Manifest[]
  /** What changes the base's objects: parts of objects, and operations. */
  readonly patches: readonly unknown[]
  readonly images: readonly Named[]
}

interface Kustomization {
  readonly resources: readonly string[]
  readonly patches?: readonly { readonly path?: string; readonly patch?: string }[]
  readonly images?: readonly Named[]
}

const documents = (path: string) => parseAllDocuments(read(path)).map((document) => document.toJS() as Manifest)

/** What a directory deploys: its own objects with those it builds on. Nothing is rendered. */
export function readDeployed(name: string): Deployed {
  const { resources, patches = [], images = [] } = parse(read(`${name}/kustomization.yaml`)) as Kustomization
  const files = resources.filter((file) => file.endsWith('.yaml')).flatMap((file) => documents(`${name}/${file}`))
  const built = resources.includes('../../base') ? readDeployed('base').objects : []
  const parts = patches.flatMap(({ path, patch }): unknown[] =>
    path === undefined ? [parse(patch ?? '')] : documents(`${name}/${path}`),
  )
  return { name, objects: [...built, ...files], patches: parts, images }
}

export const podOf = (object: Manifest): Pod | undefined => object.spec?.['template']?.spec as Pod | undefined
export const labelsOf = (object: Manifest): Readonly<Record<string, string>> =>
  (object.spec?.['template']?.metadata?.labels ?? {}) as Record<string, string>
