/** A form of strings kept at every stroke until it has become an event. */
import { onMounted, type Ref, ref } from 'vue'
import type { JsonObject } from '@/sync/session'
import type { OpenVisit } from '../visit/useVisit'

export interface FormDraft<T extends JsonObject> {
  readonly form: Ref<T>
  readonly busy: Ref<boolean>
  keep(): void
  /** Appends, and clears form and draft when the disk has it. */
  send(type: string, body: JsonObject): Promise<boolean>
}

export function useFormDraft<T extends JsonObject>(open: OpenVisit, name: string, empty: () => T): FormDraft<T> {
  const form = ref(empty()) as Ref<T>
  const busy = ref(false)
  const draft = open.visit.draft<T>(name)
  onMounted(async () => {
    const kept = await draft.load()
    if (kept) form.value = { ...empty(), ...kept }
  })
  return {
    form,
    busy,
    keep: () => draft.save(form.value),
    async send(type, body) {
      busy.value = true
      const saved = await open.add(type, body)
      busy.value = false
      if (!saved) return false
      form.value = empty()
      await draft.drop()
      return true
    },
  }
}

/** Only the fields that say something. */
export function filled(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, value.trim()] as const).filter(([, value]) => value !== ''))
}
