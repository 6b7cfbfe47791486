import type { createClient } from 'graphql-ws'

// What the classic scripts of the pages put on `window`; uPlot declares itself.
declare global {
  const graphqlWs: { readonly createClient: typeof createClient }
  const React: { createElement(component: unknown, properties: Record<string, unknown>): unknown }
  const ReactDOM: { createRoot(container: Element): { render(element: unknown): void } }
  const GraphiQL: {
    createFetcher(options: {
      url: string
      fetch: typeof globalThis.fetch
      wsClient: unknown
    }): (operation: unknown, options: unknown) => unknown
  }
}
