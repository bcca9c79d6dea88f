/**
 * A locked phone starts anew: whatever was decrypted leaves the memory with the page. Only where the page comes
 * from this phone, since elsewhere a reload would want the network; answers whether it will happen.
 */
export function startAnew(hash: string): boolean {
  if (!('serviceWorker' in navigator) || navigator.serviceWorker.controller === null) return false
  history.replaceState(null, '', hash)
  location.reload()
  return true
}
