"""What meetings decide: taken on the page, carried out as cases, joint actions and notices, and struck off with proof."""
