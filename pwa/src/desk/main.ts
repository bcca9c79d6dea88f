import { createApp } from 'vue'
import { trustOwnScripts } from '@/device/trusted'
import '@/ui/base.css'
import './desk.css'
import App from './App.vue'
import { router } from './router'

trustOwnScripts()
createApp(App).use(router).mount('#app')
