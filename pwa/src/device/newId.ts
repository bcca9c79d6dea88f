/** An id of something that is made here: whoever creates a thing names it, so that sending it twice makes it once. */
export function newId(): string {
  return crypto.randomUUID()
}
