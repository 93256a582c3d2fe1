"""Telegram as a source of pictures: its connection, its chats, and signing in.

``edge`` is the small protocol that everything here is written against; ``client`` keeps it with Telethon, which is
loaded only there.
"""
