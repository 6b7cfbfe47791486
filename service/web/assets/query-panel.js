import { byId, element } from './dom.js'

/**
 * Shows the query behind a panel, to copy or to try.
 * @param {string} id  Of the empty <details> to fill.
 * @param {{ label: string, query: string }} shown
 * @returns {{ show: (variables: object, userId: string) => void }}
 */
export function createQueryPanel(id, { label, query }) {
  const variablesText = element('code')
  const link = element('a', { textContent: 'Open in GraphiQL' })
  const copied = element('span', { className: 'copied', role: 'status' })
  const copy = element('button', {
    type: 'button',
    className: 'quiet',
    textContent: 'Copy',
    onclick: () => void copyQuery(),
  })
  const variablesBlock = element(
    'div',
    {},
    element('p', { className: 'label', textContent: 'Variables' }),
    element('pre', { tabIndex: 0 }, variablesText),
  )

  async function copyQuery() {
    await navigator.clipboard.writeText(query).then(
      () => (copied.textContent = 'Copied'),
      () => (copied.textContent = 'The browser did not allow it: select the text instead'),
    )
    setTimeout(() => (copied.textContent = ''), 4_000)
  }

  byId(id).append(
    element('summary', { textContent: `The query behind ${label}` }),
    element('pre', { tabIndex: 0 }, element('code', { textContent: query })),
    variablesBlock,
    element('p', { className: 'query-actions' }, copy, link, copied),
  )

  return {
    show(variables, userId) {
      const text = JSON.stringify(variables, null, 2)
      variablesBlock.hidden = text === '{}'
      variablesText.textContent = text
      link.href = `/graphiql?${new URLSearchParams({ query, variables: text, user: userId })}`
    },
  }
}
