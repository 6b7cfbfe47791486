import type { EnrichmentRequest, PlatformRequest } from '../contract.ts'
import { classify } from './classify.ts'
import type { Details } from './details.ts'

const STREAM_KEYS = 'time,distance,latlng,altitude,velocity_smooth,heartrate,cadence,watts,temp,moving,grade_smooth'

export const activityPath = (sourceId: string) => `activities/${encodeURIComponent(sourceId)}`

interface EnrichmentOptions {
  readonly get: (path: string) => PlatformRequest
  readonly zoneDays: number
  readonly readDetails: (text: string) => Details
}

/** All that is asked about one activity: the details first, for they tell what else there is. */
export function enrichmentRequests({ get, zoneDays, readDetails }: EnrichmentOptions) {
  return (sourceId: string): readonly EnrichmentRequest[] => {
    const path = activityPath(sourceId)
    const activity = { dataType: 'activity', request: get(path) }
    const streams = {
      dataType: 'activity_streams',
      request: get(`${path}/streams?keys=${STREAM_KEYS}&key_by_type=true`),
      isRecording: true,
      wanted: (details: string) => !readDetails(details).manual,
    }
    const zones = {
      dataType: 'activity_zones',
      request: get(`${path}/zones`),
      days: zoneDays,
      wanted: (details: string) => readDetails(details).zones,
      refused: isNotOffered,
    }
    return [activity, streams, ...(zoneDays > 0 ? [zones] : [])]
  }
}

/** A subscriber's feature: how its refusal looks is not documented, so each that is not the whole application's counts. */
function isNotOffered({ status, text }: { status: number; text: string }): boolean {
  return status === 402 || (status === 403 && classify(status, text) !== 'suspended')
}
