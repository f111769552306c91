"""What a captcha shows and says: two words in a picture, eight digits dictated. Pure functions of a seed."""
