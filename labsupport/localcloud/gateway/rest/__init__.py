"""REST APIs of API Gateway (``apigateway``, "v1")."""
