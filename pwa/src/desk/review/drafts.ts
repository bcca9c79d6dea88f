/** What was typed into a report and not sent yet: looking something up elsewhere on the desk loses none of it. */
import { reactive } from 'vue'

export interface Draft {
  note: string
  whole: string
  clock: string
  /** `checklist/item` → reason; asked only while the field is open. */
  reasons: Record<string, string>
  asking: Record<string, boolean>
  opinion: { evaluation: string; handling: string; advice: string } | null
}
const drafts = new Map<string, Draft>()
const empty = (): Draft => ({ note: '', whole: '', clock: '', reasons: {}, asking: {}, opinion: null })

export function draftOf(report: string): Draft {
  let found = drafts.get(report)
  if (!found) {
    found = reactive(empty())
    drafts.set(report, found)
  }
  return found
}
/** What was sent is emptied in place: the screen that shows it shows it empty. */
export function forgetDraft(report: string): void {
  Object.assign(draftOf(report), empty())
}

function holdsText(draft: Draft): boolean {
  return [draft.note, draft.whole, draft.clock, ...Object.values(draft.reasons)].some((text) => text.trim() !== '') || draft.opinion !== null
}
/** A reload would lose them: the browser asks first. */
export function warnBeforeLeaving(event: BeforeUnloadEvent): void {
  if ([...drafts.values()].some(holdsText)) event.preventDefault()
}
