/** What HealthKit does not tell of a lap. */
export const EMPTY_LAP = {
  movingTimeS: null,
  distanceM: null,
  elevationGainM: null,
  meanSpeedMPerS: null,
  maxSpeedMPerS: null,
  heartRateMeanBpm: null,
  heartRateMaxBpm: null,
  cadenceMeanRpm: null,
  powerMeanW: null,
}
