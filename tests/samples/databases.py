"""Three well-known sample databases, as their documentation lists tables, columns and keys.

Chinook is a music shop, Northwind a wholesaler, Sakila a film rental. A few rows of our own stand
in each. Names keep each sample's own spelling, with its blanks and capitals.
"""

from __future__ import annotations

from tests.fixtures.vendors import Vendor

# A table: its columns as (name, type), "!" after a type is NOT NULL, then the key, then foreign
# keys as (columns, table, its columns). Types are those of `type_of`.
Table = tuple[str, list[tuple[str, str]], list[str], list[tuple[list[str], str, list[str]]]]

CHINOOK: list[Table] = [
    ("Artist", [("ArtistId", "int!"), ("Name", "text120")], ["ArtistId"], []),
    (
        "Album",
        [("AlbumId", "int!"), ("Title", "text160!"), ("ArtistId", "int!")],
        ["AlbumId"],
        [(["ArtistId"], "Artist", ["ArtistId"])],
    ),
    (
        "Employee",
        [
            ("EmployeeId", "int!"),
            ("LastName", "text20!"),
            ("FirstName", "text20!"),
            ("Title", "text30"),
            ("ReportsTo", "int"),
            ("BirthDate", "moment"),
            ("HireDate", "moment"),
            ("Address", "text70"),
            ("City", "text40"),
            ("State", "text40"),
            ("Country", "text40"),
            ("PostalCode", "text10"),
            ("Phone", "text24"),
            ("Fax", "text24"),
            ("Email", "text60"),
        ],
        ["EmployeeId"],
        [(["ReportsTo"], "Employee", ["EmployeeId"])],
    ),
    (
        "Customer",
        [
            ("CustomerId", "int!"),
            ("FirstName", "text40!"),
            ("LastName", "text20!"),
            ("Company", "text80"),
            ("Address", "text70"),
            ("City", "text40"),
            ("State", "text40"),
            ("Country", "text40"),
            ("PostalCode", "text10"),
            ("Phone", "text24"),
            ("Fax", "text24"),
            ("Email", "text60!"),
            ("SupportRepId", "int"),
        ],
        ["CustomerId"],
        [(["SupportRepId"], "Employee", ["EmployeeId"])],
    ),
    ("Genre", [("GenreId", "int!"), ("Name", "text120")], ["GenreId"], []),
    ("MediaType", [("MediaTypeId", "int!"), ("Name", "text120")], ["MediaTypeId"], []),
    (
        "Invoice",
        [
            ("InvoiceId", "int!"),
            ("CustomerId", "int!"),
            ("InvoiceDate", "moment!"),
            ("BillingAddress", "text70"),
            ("BillingCity", "text40"),
            ("BillingState", "text40"),
            ("BillingCountry", "text40"),
            ("BillingPostalCode", "text10"),
            ("Total", "decimal!"),
        ],
        ["InvoiceId"],
        [(["CustomerId"], "Customer", ["CustomerId"])],
    ),
    (
        "Track",
        [
            ("TrackId", "int!"),
            ("Name", "text200!"),
            ("AlbumId", "int"),
            ("MediaTypeId", "int!"),
            ("GenreId", "int"),
            ("Composer", "text220"),
            ("Milliseconds", "int!"),
            ("Bytes", "int"),
            ("UnitPrice", "decimal!"),
        ],
        ["TrackId"],
        [
            (["AlbumId"], "Album", ["AlbumId"]),
            (["MediaTypeId"], "MediaType", ["MediaTypeId"]),
            (["GenreId"], "Genre", ["GenreId"]),
        ],
    ),
    (
        "InvoiceLine",
        [
            ("InvoiceLineId", "int!"),
            ("InvoiceId", "int!"),
            ("TrackId", "int!"),
            ("UnitPrice", "decimal!"),
            ("Quantity", "int!"),
        ],
        ["InvoiceLineId"],
        [(["InvoiceId"], "Invoice", ["InvoiceId"]), (["TrackId"], "Track", ["TrackId"])],
    ),
    ("Playlist", [("PlaylistId", "int!"), ("Name", "text120")], ["PlaylistId"], []),
    (
        "PlaylistTrack",
        [("PlaylistId", "int!"), ("TrackId", "int!")],
        ["PlaylistId", "TrackId"],
        [(["PlaylistId"], "Playlist", ["PlaylistId"]), (["TrackId"], "Track", ["TrackId"])],
    ),
]
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
SAKILA: list[Table] = [
    (
        "actor",
        [
            ("actor_id", "int!"),
            ("first_name", "text45!"),
            ("last_name", "text45!"),
            ("last_update", "moment!"),
        ],
        ["actor_id"],
        [],
    ),
    (
        "country",
        [("country_id", "int!"), ("country", "text50!"), ("last_update", "moment!")],
        ["country_id"],
        [],
    ),
    (
        "city",
        [
            ("city_id", "int!"),
            ("city", "text50!"),
            ("country_id", "int!"),
            ("last_update", "moment!"),
        ],
        ["city_id"],
        [(["country_id"], "country", ["country_id"])],
    ),
    (
        "address",
        [
            ("address_id", "int!"),
            ("address", "text50!"),
            ("address2", "text50"),
            ("district", "text20!"),
            ("city_id", "int!"),
            ("postal_code", "text10"),
            ("phone", "text20!"),
            ("last_update", "moment!"),
        ],
        ["address_id"],
        [(["city_id"], "city", ["city_id"])],
    ),
    (
        "category",
        [("category_id", "int!"), ("name", "text25!"), ("last_update", "moment!")],
        ["category_id"],
        [],
    ),
    (
        "language",
        [("language_id", "int!"), ("name", "code20!"), ("last_update", "moment!")],
        ["language_id"],
        [],
    ),
    (
        "film",
        [
            ("film_id", "int!"),
            ("title", "text255!"),
            ("description", "long"),
            ("release_year", "int"),
            ("language_id", "int!"),
            ("original_language_id", "int"),
            ("rental_duration", "small!"),
            ("rental_rate", "decimal!"),
            ("length", "small"),
            ("replacement_cost", "decimal!"),
            ("rating", "text10"),
            ("last_update", "moment!"),
        ],
        ["film_id"],
        [
            (["language_id"], "language", ["language_id"]),
            (["original_language_id"], "language", ["language_id"]),
        ],
    ),
    (
        "film_actor",
        [("actor_id", "int!"), ("film_id", "int!"), ("last_update", "moment!")],
        ["actor_id", "film_id"],
        [(["actor_id"], "actor", ["actor_id"]), (["film_id"], "film", ["film_id"])],
    ),
    (
        "film_category",
        [("film_id", "int!"), ("category_id", "int!"), ("last_update", "moment!")],
        ["film_id", "category_id"],
        [(["film_id"], "film", ["film_id"]), (["category_id"], "category", ["category_id"])],
    ),
    (
        "store",
        [
            ("store_id", "int!"),
            ("manager_staff_id", "int!"),
            ("address_id", "int!"),
            ("last_update", "moment!"),
        ],
        ["store_id"],
        [(["address_id"], "address", ["address_id"])],
    ),
    (
        "staff",
        [
            ("staff_id", "int!"),
            ("first_name", "text45!"),
            ("last_name", "text45!"),
            ("address_id", "int!"),
            ("picture", "bytes"),
            ("email", "text50"),
            ("store_id", "int!"),
            ("active", "bool!"),
            ("username", "text16!"),
            ("last_update", "moment!"),
        ],
        ["staff_id"],
        [(["address_id"], "address", ["address_id"]), (["store_id"], "store", ["store_id"])],
    ),
    (
        "customer",
        [
            ("customer_id", "int!"),
            ("store_id", "int!"),
            ("first_name", "text45!"),
            ("last_name", "text45!"),
            ("email", "text50"),
            ("address_id", "int!"),
            ("active", "bool!"),
            ("create_date", "moment!"),
            ("last_update", "moment"),
        ],
        ["customer_id"],
        [(["store_id"], "store", ["store_id"]), (["address_id"], "address", ["address_id"])],
    ),
    (
        "inventory",
        [
            ("inventory_id", "int!"),
            ("film_id", "int!"),
            ("store_id", "int!"),
            ("last_update", "moment!"),
        ],
        ["inventory_id"],
        [(["film_id"], "film", ["film_id"]), (["store_id"], "store", ["store_id"])],
    ),
    (
        "rental",
        [
            ("rental_id", "int!"),
            ("rental_date", "moment!"),
            ("inventory_id", "int!"),
            ("customer_id", "int!"),
            ("return_date", "moment"),
            ("staff_id", "int!"),
            ("last_update", "moment!"),
        ],
        ["rental_id"],
        [
            (["inventory_id"], "inventory", ["inventory_id"]),
            (["customer_id"], "customer", ["customer_id"]),
            (["staff_id"], "staff", ["staff_id"]),
        ],
    ),
    (
        "payment",
        [
            ("payment_id", "int!"),
            ("customer_id", "int!"),
            ("staff_id", "int!"),
            ("rental_id", "int"),
            ("amount", "decimal!"),
            ("payment_date", "moment!"),
            ("last_update", "moment"),
        ],
        ["payment_id"],
        [
            (["customer_id"], "customer", ["customer_id"]),
            (["staff_id"], "staff", ["staff_id"]),
            (["rental_id"], "rental", ["rental_id"]),
        ],
    ),
]
SAMPLES = {"chinook": CHINOOK, "northwind": NORTHWIND, "sakila": SAKILA}
_WORDS = {"int": "INTEGER", "small": "SMALLINT", "decimal": "DECIMAL(10,2)", "bool": "BOOLEAN"}
_VALUES = {
    "int": "1",
    "small": "1",
    "decimal": "9.99",
    "float": "0.25",
    "moment": "'2024-01-02 03:04:05'",
}


def sample_sql(name: str, vendor: Vendor) -> str:
    """Return the DDL of a sample and one row for each table."""
    return "\n".join(_table_sql(table, vendor) for table in SAMPLES[name])


def _table_sql(table: Table, vendor: Vendor) -> str:
    name, columns, key, foreign = table
    q = vendor.quoted
    parts = [
        f"{q(column)} {_type_of(kind.rstrip('!'), vendor)}{' NOT NULL' if kind[-1] == '!' else ''}"
        for column, kind in columns
    ]
    parts.append(f"PRIMARY KEY ({', '.join(map(q, key))})")
    for own, target, theirs in foreign:
        parts.append(
            f"FOREIGN KEY ({', '.join(map(q, own))}) "
            f"REFERENCES {q(target)} ({', '.join(map(q, theirs))})"
        )
    values = ", ".join(_value_of(kind.rstrip("!"), vendor) for _, kind in columns)
    return f"CREATE TABLE {q(name)} ({', '.join(parts)}); INSERT INTO {q(name)} VALUES ({values});"


def _type_of(kind: str, vendor: Vendor) -> str:
    own = {
        "moment": vendor.timestamp,
        "bytes": vendor.binary,
        "float": vendor.double,
        "long": "TEXT",
    }
    if kind.startswith("text"):
        return f"VARCHAR({kind[4:]})"
    if kind.startswith("code"):
        return f"CHAR({kind[4:]})"
    return own.get(kind) or _WORDS[kind]


def _value_of(kind: str, vendor: Vendor) -> str:
    if kind == "bool":
        return vendor.boolean_true
    return _VALUES.get(kind, "NULL" if kind == "bytes" else "'x'")
