/** Interface texts: zh-CN is the source, English must have every key (checked by the compiler).
 *  Legal texts never come from here; they come with the pack from `checklists/`. */
import { ref } from 'vue'

export type Lang = 'zh-CN' | 'en'
export const lang = ref<Lang>('zh-CN')

export function setLang(next: Lang): void {
  lang.value = next
}

type Params = Readonly<Record<string, string | number>>

/** `messages({ saved: '已存手机 {n}' }, { saved: 'Saved {n}' })` → `t('saved', { n: 3 })`. */
export function messages<T extends Readonly<Record<string, string>>>(zh: T, en: { readonly [K in keyof T]: string }) {
  return function t(key: keyof T, params?: Params): string {
    const text = lang.value === 'en' ? en[key] : zh[key]
    if (params === undefined) return text as string
    return (text as string).replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole))
  }
}
