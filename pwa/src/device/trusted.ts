/**
 * Where the browser enforces Trusted Types, workers and the service worker may only be loaded from
 * a policy. Ours lets through nothing but our own origin's files; there is none for HTML or script text.
 */
interface PolicyFactory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): unknown
}

export function trustOwnScripts(): void {
  const factory = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes
  factory?.createPolicy('default', {
    createScriptURL(url) {
      if (new URL(url, location.href).origin !== location.origin) throw new TypeError(`foreign script: ${url}`)
      return url
    },
  })
}
