/**
 * An element with its properties and children; text is text, never HTML.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number | boolean | ((event: Event) => void)>} [properties]  `on…` adds a listener, `aria-…` and
 *   other names with a dash are attributes.
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === 'function') node.addEventListener(name.slice(2), value)
    else if (name.includes('-') || name === 'scope' || name === 'role') node.setAttribute(name, String(value))
    else Reflect.set(node, name, value)
  }
  node.append(...children)
  return node
}

/**
 * The element with this id; the pages are written so that it is there.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const node = document.getElementById(id)
  if (node === null) throw new Error(`the page has no element "${id}"`)
  return node
}

/**
 * @param {string} id
 * @returns {HTMLButtonElement}
 */
export function button(id) {
  const node = byId(id)
  if (!(node instanceof HTMLButtonElement)) throw new Error(`"${id}" is not a button`)
  return node
}
