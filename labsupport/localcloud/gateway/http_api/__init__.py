"""HTTP APIs: what Amazon API Gateway V2 makes of the routes, integrations and authorizers that moto keeps."""
