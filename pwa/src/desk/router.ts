import { createRouter, createWebHashHistory } from 'vue-router'
import { placeOf } from './places'
import { may, restore, useDesk } from './useDesk'

export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: '/login', component: () => import('./LoginScreen.vue'), meta: { open: true } },
    {
      path: '/',
      component: () => import('./DeskFrame.vue'),
      children: [
        // Decided on entering, not on resolving: before the guard nobody knows yet who is there.
        { path: '', component: () => import('./WelcomeScreen.vue'), beforeEnter: () => home() },
        { path: 'reports', component: () => import('./review/QueueScreen.vue') },
        { path: 'reports/:id', component: () => import('./review/ReviewScreen.vue'), props: true },
        { path: 'inspections', component: () => import('./plans/InspectionsScreen.vue') },
        { path: 'levels', component: () => import('./review/LevelsScreen.vue') },
        { path: 'plans', component: () => import('./plans/PlansScreen.vue') },
        { path: 'plans/:id', component: () => import('./plans/MonthPlanScreen.vue'), props: true },
        { path: 'calendar', component: () => import('./plans/CalendarScreen.vue') },
        { path: 'changes', component: () => import('./plans/ChangesScreen.vue') },
        { path: 'documents', component: () => import('./plans/DocumentsScreen.vue') },
        { path: 'inbox', component: () => import('./plans/InboxScreen.vue') },
        { path: 'batches', component: () => import('./plans/BatchesScreen.vue') },
        { path: 'batches/:id', component: () => import('./plans/BatchScreen.vue'), props: true },
        { path: 'draws', component: () => import('./draw/DrawsScreen.vue') },
        { path: 'draws/joint', component: () => import('./draw/JointScreen.vue') },
        { path: 'draws/new', component: () => import('./draw/ProposalScreen.vue') },
        { path: 'draws/:id', component: () => import('./draw/DrawScreen.vue'), props: true },
        { path: 'draws/:id/edit', component: () => import('./draw/ProposalScreen.vue'), props: true },
        { path: 'units', component: () => import('./registry/UnitsScreen.vue') },
        { path: 'inspectors', component: () => import('./registry/InspectorsScreen.vue') },
        { path: 'item-lists', component: () => import('./rules/ItemListScreen.vue') },
        { path: 'item-lists/scheme', component: () => import('./rules/SchemeScreen.vue') },
        { path: 'people', component: () => import('./people/PeopleScreen.vue') },
        { path: 'devices', component: () => import('./people/DevicesScreen.vue') },
        { path: 'quarantine', component: () => import('./people/QuarantineScreen.vue') },
        { path: 'audit', component: () => import('./people/AuditScreen.vue') },
        { path: 'welcome', component: () => import('./WelcomeScreen.vue') },
      ],
    },
    { path: '/:rest(.*)*', redirect: '/' },
  ],
})

function home(): string {
  if (may('reviewer', 'inspector')) return '/reports'
  if (may('plan_officer')) return '/inspections'
  if (may('superior')) return '/inbox'
  if (may('administrator')) return '/people'
  return may('auditor') ? '/audit' : '/welcome'
}

router.beforeEach(async (to) => {
  if (to.meta.open) return true
  if (!useDesk().value && !(await restore().catch(() => false))) return { path: '/login', query: to.path === '/' ? {} : { to: to.fullPath } }
  const roles = placeOf(to.path)?.[1]
  // A link of somebody with other roles: home instead of a page that can only be refused.
  return roles && !may(...roles) ? home() : true
})
