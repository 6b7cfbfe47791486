import { createHash, randomUUID } from 'node:crypto'
import { OperationTypeNode } from 'graphql'
import { readCatalog } from '../catalog/read-catalog.ts'
import { DocumentParser, type Operation, pickOperation } from '../request/document.ts'
import { validationFailed } from '../request/failure.ts'
import type { SelectedField } from '../request/selection.ts'
import { actionProblems, withoutBadActions } from '../schema/action-problems.ts'
import { buildModel } from '../schema/build-model.ts'
import { meaningOf } from '../schema/meaning.ts'
import type { GraphqlRequest, Session } from '../session.ts'
import { continueTrace, type Propagator, propagatorsOf } from '../trace.ts'
import { AllowList } from './allow-list.ts'
import type { CallAction, EngineOptions, GraphqlEngine, Inconsistency, Prepared } from './engine-types.ts'
import { planFields, type RoleView, selectRoot } from './plan.ts'
import { Roles } from './roles.ts'
import { runMutation, runQuery } from './run-plan.ts'
import { type Database, runRead } from './run-sql.ts'
import { StatementNames } from './statement-names.ts'
import { StreamPoll } from './stream.ts'

export type {
  CallAction,
  EngineOptions,
  ExecutionResult,
  GraphqlEngine,
  Inconsistency,
  Prepared,
} from './engine-types.ts'

/** Reads the database's catalog once and serves the metadata over it. */
export async function createEngineContext(options: EngineOptions): Promise<GraphqlEngine> {
  const { metadata, pool, callAction, stringifyNumericTypes = false, allowlistEnabled = false } = options
  const catalog = await readCatalog(pool, metadata.sources[0].tables)
  const { model, problems } = buildModel({ metadata, catalog, stringifyNumericTypes })
  const ofActions = actionProblems(metadata, model)
  const roles = new Roles(withoutBadActions(metadata, ofActions), model)
  const database = { pool, names: new StatementNames() }
  const allowList = allowlistEnabled ? new AllowList(metadata) : undefined
  const inconsistencies = [...problems, ...ofActions, ...roles.problems]
  const propagators = propagatorsOf(metadata.opentelemetry)
  return new Engine({ roles, database, callAction, allowList, inconsistencies, propagators })
}

interface Parts {
  readonly roles: Roles
  readonly database: Database
  readonly callAction: CallAction
  /** Undefined when everything is allowed. */
  readonly allowList: AllowList | undefined
  readonly inconsistencies: readonly Inconsistency[]
  readonly propagators: readonly Propagator[]
}

interface Asking {
  readonly view: RoleView
  readonly operation: Operation
  readonly request: GraphqlRequest
  readonly session: Session
}

class Engine implements GraphqlEngine {
  readonly inconsistencies: readonly Inconsistency[]
  readonly #documents = new DocumentParser()
  readonly #roles: Roles
  readonly #database: Database
  readonly #callAction: CallAction
  readonly #allowList: AllowList | undefined
  readonly #propagators: readonly Propagator[]

  constructor({ roles, database, callAction, allowList, inconsistencies, propagators }: Parts) {
    this.inconsistencies = inconsistencies
    this.#roles = roles
    this.#database = database
    this.#callAction = callAction
    this.#allowList = allowList
    this.#propagators = propagators
  }

  prepare(request: GraphqlRequest, session: Session): Prepared {
    const document = this.#documents.parse(request.query)
    if (session.role !== 'admin') this.#allowList?.check(document)
    const operation = pickOperation(document, request)
    const asking = { view: this.#roles.view(session), operation, request, session }
    const fields = selectRoot(asking)
    const kind = operation.definition.operation
    if (kind === OperationTypeNode.SUBSCRIPTION) return this.#prepareSubscription(fields, asking)
    const plan = planFields(fields, asking)
    const run = kind === OperationTypeNode.QUERY ? runQuery : runMutation
    const context = {
      database: this.#database,
      callAction: this.#callAction,
      session,
      tables: asking.view.tables,
      requestQuery: request.query,
    }
    return {
      kind,
      run: (requestHeaders) =>
        run(plan, { ...context, requestHeaders, span: continueTrace(requestHeaders, this.#propagators) }),
    }
  }

  #prepareSubscription(fields: readonly SelectedField[], asking: Asking): Prepared {
    const [field, second] = fields
    if (field === undefined || second !== undefined) {
      throw validationFailed('subscriptions must select one top level field')
    }
    const meaning = meaningOf(field.definition)
    if (meaning?.kind === 'read' && meaning.reading === 'stream') {
      const { session, view } = asking
      const stream = new StreamPoll(this.#database, { field, session, tables: view.tables })
      return { kind: 'subscription', cohort: randomUUID(), poll: () => stream.next() }
    }
    return this.#prepareLiveQuery(field, asking)
  }

  #prepareLiveQuery(field: SelectedField, asking: Asking): Prepared {
    const { read, parts } = planFields([field], asking)
    const [part] = parts
    const key = JSON.stringify(field.responseKey)
    const poll = async () => {
      const [row] = read === undefined ? [] : await runRead(this.#database, read)
      const json = part?.kind === 'known' ? part.json : part?.kind === 'read' ? (row?.[part.column] ?? 'null') : 'null'
      return `{${key}:${json}}`
    }
    const identity = JSON.stringify([key, read?.text, read?.values])
    return { kind: 'subscription', poll, cohort: createHash('sha256').update(identity).digest('hex') }
  }
}
