module mcpwork

go 1.19
