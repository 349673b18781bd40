"""Northwind, a wholesaler."""

from __future__ import annotations

from tests.samples.table import Table

NORTHWIND: list[Table] = [
    (
        "Categories",
        [
            ("CategoryID", "int!"),
            ("CategoryName", "text15!"),
            ("Description", "long"),
            ("Picture", "bytes"),
        ],
        ["CategoryID"],
        [],
    ),
    (
        "Suppliers",
        [
            ("SupplierID", "int!"),
            ("CompanyName", "text40!"),
            ("ContactName", "text30"),
            ("City", "text15"),
            ("HomePage", "long"),
        ],
        ["SupplierID"],
        [],
    ),
    (
        "Products",
        [
            ("ProductID", "int!"),
            ("ProductName", "text40!"),
            ("SupplierID", "int"),
            ("CategoryID", "int"),
            ("QuantityPerUnit", "text20"),
            ("UnitPrice", "decimal"),
            ("UnitsInStock", "small"),
            ("UnitsOnOrder", "small"),
            ("ReorderLevel", "small"),
            ("Discontinued", "bool!"),
        ],
        ["ProductID"],
        [
            (["SupplierID"], "Suppliers", ["SupplierID"]),
            (["CategoryID"], "Categories", ["CategoryID"]),
        ],
    ),
    (
        "Customers",
        [
            ("CustomerID", "code5!"),
            ("CompanyName", "text40!"),
            ("ContactName", "text30"),
            ("City", "text15"),
            ("Country", "text15"),
        ],
        ["CustomerID"],
        [],
    ),
    (
        "Employees",
        [
            ("EmployeeID", "int!"),
            ("LastName", "text20!"),
            ("FirstName", "text10!"),
            ("BirthDate", "moment"),
            ("Photo", "bytes"),
            ("Notes", "long"),
            ("ReportsTo", "int"),
        ],
        ["EmployeeID"],
        [(["ReportsTo"], "Employees", ["EmployeeID"])],
    ),
    (
        "Shippers",
        [("ShipperID", "int!"), ("CompanyName", "text40!"), ("Phone", "text24")],
        ["ShipperID"],
        [],
    ),
    (
        "Orders",
        [
            ("OrderID", "int!"),
            ("CustomerID", "code5"),
            ("EmployeeID", "int"),
            ("OrderDate", "moment"),
            ("RequiredDate", "moment"),
            ("ShippedDate", "moment"),
            ("ShipVia", "int"),
            ("Freight", "decimal"),
            ("ShipName", "text40"),
        ],
        ["OrderID"],
        [
            (["CustomerID"], "Customers", ["CustomerID"]),
            (["EmployeeID"], "Employees", ["EmployeeID"]),
            (["ShipVia"], "Shippers", ["ShipperID"]),
        ],
    ),
    (
        "Order Details",
        [
            ("OrderID", "int!"),
            ("ProductID", "int!"),
            ("UnitPrice", "decimal!"),
            ("Quantity", "small!"),
            ("Discount", "float!"),
        ],
        ["OrderID", "ProductID"],
        [(["OrderID"], "Orders", ["OrderID"]), (["ProductID"], "Products", ["ProductID"])],
    ),
    ("Region", [("RegionID", "int!"), ("RegionDescription", "code50!")], ["RegionID"], []),
    (
        "Territories",
        [("TerritoryID", "text20!"), ("TerritoryDescription", "code50!"), ("RegionID", "int!")],
        ["TerritoryID"],
        [(["RegionID"], "Region", ["RegionID"])],
    ),
    (
        "EmployeeTerritories",
        [("EmployeeID", "int!"), ("TerritoryID", "text20!")],
        ["EmployeeID", "TerritoryID"],
        [
            (["EmployeeID"], "Employees", ["EmployeeID"]),
            (["TerritoryID"], "Territories", ["TerritoryID"]),
        ],
    ),
]
