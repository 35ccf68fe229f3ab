"""What does this site load and set, and does the middleware reach it?

network.py or in_process.py ask, crawl.py reads page after page (page.py), findings.py puts that beside what the owner
declares, missing.py and show.py tell it. browser.py sees what only a browser does.
"""
