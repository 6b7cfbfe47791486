import { answerDataRequestAction } from './api/answer-data-request.action.ts'
import { bindAction } from './api/bind-action.ts'
import { exportMyDataAction } from './api/export-my-data.action.ts'
import { extendDataRequestAction } from './api/extend-data-request.action.ts'
import { publishConsentTextAction } from './api/publish-consent-text.action.ts'
import { recordDataRequestAction } from './api/record-data-request.action.ts'
import { updateConsentsAction } from './api/update-consents.action.ts'
import { listFiles } from './compliance/archive/read-part.ts'
import { publishMissingTexts } from './compliance/consent/publish-text.ts'
import type { ConsentServices } from './compliance/consent/update-consents.ts'
import { expireDataExports } from './compliance/export/expire-exports.task.ts'
import { type ExportServices, exportData } from './compliance/export/export-data.task.ts'
import type { ListArchives } from './compliance/export/write-copy.ts'
import { markDueRequests } from './compliance/requests/mark-due-requests.task.ts'
import type { RequestServices } from './compliance/requests/requests.ts'
import { cancelRuns } from './ingestion/runs.ts'
import { catchUp } from './ingestion/start-sync.ts'
import { type BindOptions, type BoundTask, bindTask } from './runtime/jobs.ts'
import { wireBackup } from './wire-backup.ts'
import type { Wiring } from './wiring.ts'

/** Consent, and what people ask for: what each part needs of the others. */
export function wireConsent({ config, db, audit, metrics }: Wiring): ConsentServices {
  return {
    db,
    audit,
    cancelRuns,
    catchUp: (tx, key) => catchUp(config.platforms, tx, key),
    countDecision: (decision) => metrics.consentDecisions.inc({ decision }),
  }
}

export function wireRequests({ config, audit, metrics }: Wiring): RequestServices {
  return {
    calendar: config.compliance.calendar,
    audit,
    countRequest: (kind, outcome) => metrics.gdprRequests.inc({ kind, outcome }),
  }
}

/** Without a store there are none. */
export function wireArchives({ config, db, audit }: Wiring): ListArchives {
  const backup = wireBackup({ config, db, audit })
  return async (userId) => (backup === undefined ? [] : listFiles(backup, userId))
}

export function wireExports(wiring: Wiring): ExportServices {
  const { config, db, audit, vault } = wiring
  return {
    db,
    audit,
    requests: wireRequests(wiring),
    controller: config.compliance.controller,
    keepHours: config.compliance.exportKeepHours,
    archives: wireArchives(wiring),
    sealExport: (key, bytes) => vault.sealExport(key, bytes),
    openExport: (key, sealed) => vault.openExport(key, sealed),
  }
}

export function bindPrivacyActions(wiring: Wiring) {
  const { db, audit } = wiring
  const requests = { ...wireRequests(wiring), db }
  return [
    bindAction(exportMyDataAction, { db, requests }),
    bindAction(updateConsentsAction, wireConsent(wiring)),
    bindAction(publishConsentTextAction, { db, audit }),
    bindAction(recordDataRequestAction, requests),
    bindAction(answerDataRequestAction, requests),
    bindAction(extendDataRequestAction, requests),
  ]
}

export function bindPrivacyTasks(wiring: Wiring, options: BindOptions): readonly BoundTask[] {
  const { db, audit, log } = wiring
  const warn = ({ requestId, kind, warning }: { requestId: string; kind: string; warning: string }) =>
    log.warn({ operation: 'data request due', request_id: requestId, kind, warning }, 'alert')
  return [
    bindTask(markDueRequests, { db, audit, warn }, { ...options, schedule: '7 * * * *' }),
    bindTask(exportData, wireExports(wiring), options),
    bindTask(expireDataExports, { db }, { ...options, schedule: '11 * * * *' }),
  ]
}

/** On a laptop a text is there at once; in production the operator publishes its own first. */
export async function prepareConsentTexts({ config, db, audit }: Wiring): Promise<void> {
  if (config.nodeEnvironment !== 'production') await publishMissingTexts({ db, audit }, config.platforms.values())
}
