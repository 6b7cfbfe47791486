import { defineConfig } from 'vitest/config'

const slow = ['**/*.long.test.ts']
const never = ['**/node_modules/**', '.data/**']

export default defineConfig({
  test: {
    // The OpenID provider of the tests says at every start that it is not meant for production.
    onConsoleLog: (line) => !line.includes('oidc-provider WARNING') && !line.includes('oidc-provider NOTICE'),
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{service,hasura,database}/**/*.test.ts', 'tests/architecture.test.ts'],
          exclude: [...never, ...slow],
        },
      },
      {
        test: {
          name: 'system',
          include: ['tests/**/*.test.ts'],
          exclude: [...never, ...slow, 'tests/architecture.test.ts'],
          globalSetup: ['tests/support/global-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'long',
          include: ['tests/**/*.long.test.ts'],
          exclude: never,
          globalSetup: ['tests/support/global-setup.ts'],
          testTimeout: 600_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
    ],
  },
})
