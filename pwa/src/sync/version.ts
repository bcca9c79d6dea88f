/** What this phone says of itself with every request, and in `dev.genesis`. */
export const APP_VERSION = '0.1.0'
/** The wire of sync. Raised when an older server or app would misunderstand; the server knows the oldest it still speaks. */
export const PROTOCOL = 1
export const CLIENT_HEADER = { 'X-Suijian-Client': `${APP_VERSION}/${PROTOCOL}` } as const
