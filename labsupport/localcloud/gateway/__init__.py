"""What answers at the addresses of REST APIs, HTTP APIs and function URLs, and runs the functions behind them."""
