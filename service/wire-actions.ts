import type { BoundAction } from './api/actions.ts'
import { approveEmergencyAccessAction } from './api/approve-emergency-access.action.ts'
import { auditAction } from './api/audited-action.ts'
import { bindAction } from './api/bind-action.ts'
import { checkConnectionAction } from './api/check-connection.action.ts'
import { completeConnectionAction } from './api/complete-connection.action.ts'
import { connectPlatformAction } from './api/connect-platform.action.ts'
import { createApiKeyAction } from './api/create-api-key.action.ts'
import { disconnectPlatformAction } from './api/disconnect-platform.action.ts'
import { orderSourcesAction } from './api/order-sources.action.ts'
import { readAsEmergencyAction } from './api/read-as-emergency.action.ts'
import { refreshConnectionAction } from './api/refresh-connection.action.ts'
import { requestEmergencyAccessAction } from './api/request-emergency-access.action.ts'
import { revokeApiKeyAction } from './api/revoke-api-key.action.ts'
import { revokeUserTokensAction } from './api/revoke-user-tokens.action.ts'
import { rotateApiKeyAction } from './api/rotate-api-key.action.ts'
import { rotateKeysAction } from './api/rotate-keys.action.ts'
import { uploadHealthSamplesAction } from './api/upload-health-samples.action.ts'
import { probeConnection } from './ingestion/probe-connection.ts'
import { wireEmergency } from './wire-audit.ts'
import { bindBreachActions } from './wire-breach.ts'
import { bindErasureActions } from './wire-erasure.ts'
import { bindFailureActions } from './wire-failures.ts'
import { bindPrivacyActions } from './wire-privacy.ts'
import { bindSyncActions } from './wire-sync.ts'
import { rotationAction } from './wire-vault.ts'
import type { Wiring } from './wiring.ts'

/** Every Hasura action, with its services. */
export function bindActions(wiring: Wiring): readonly BoundAction[] {
  const { db, connections, ingestion, apiKeys, audit, uploads } = wiring
  const emergency = wireEmergency(wiring)
  const actions = [
    bindAction(connectPlatformAction, connections),
    bindAction(completeConnectionAction, connections),
    bindAction(disconnectPlatformAction, connections),
    bindAction(refreshConnectionAction, connections),
    bindAction(checkConnectionAction, { db, probe: (key) => probeConnection(ingestion, key) }),
    bindAction(requestEmergencyAccessAction, emergency),
    bindAction(approveEmergencyAccessAction, emergency),
    bindAction(readAsEmergencyAction, emergency),
    ...bindSyncActions(ingestion),
    bindAction(uploadHealthSamplesAction, uploads),
    bindAction(orderSourcesAction, { db }),
    bindAction(createApiKeyAction, apiKeys),
    bindAction(rotateApiKeyAction, apiKeys),
    bindAction(revokeApiKeyAction, apiKeys),
    bindAction(rotateKeysAction, rotationAction({ db, audit })),
    bindAction(revokeUserTokensAction, { ...connections, audit }),
    ...bindPrivacyActions(wiring),
    ...bindFailureActions({ db, audit }),
  ]
  return [...actions, ...bindErasureActions(wiring), ...bindBreachActions(wiring)].map((action) =>
    auditAction(action, wiring),
  )
}
