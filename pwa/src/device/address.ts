/** What a QR code of a record code holds: the page of the server that answers for it; the bare code where there is no HTTPS. */
export function checkLink(code: string): string {
  return location.protocol === 'https:' ? `${location.origin}/r/${code}` : code
}
