"""Suijian 随检: offline field inspection for the 双随机 regime."""
