import { expect, test } from 'vitest'
import { discoverPlatforms } from './discover.ts'

test('every folder is a platform by its own name', async () => {
  const platforms = await discoverPlatforms()
  expect(platforms.get('strava')?.displayName).toBe('Strava')
  for (const [id, platform] of platforms) expect(platform.id).toBe(id)
})
