/** What the tables that come in are called. */
import { messages } from '@/ui/i18n'

export type ImportKind = 'units' | 'inspectors' | 'leaders'
export const whatOf = messages({ units: '检查对象', inspectors: '执法检查人员', leaders: '领导小组' }, { units: 'units', inspectors: 'inspectors', leaders: 'leading-group' })
export const importTitle = messages({ units: '导入检查对象', inspectors: '导入执法检查人员', leaders: '导入领导小组' }, { units: 'Import units', inspectors: 'Import inspectors', leaders: 'Import the leading group' })
export const KINDS = ['units', 'inspectors', 'leaders'] as const
