/** Words for somebody else: into the clipboard. Rejects where the browser or the person does not allow it. */
export const copyText = (text: string): Promise<void> => navigator.clipboard.writeText(text)
