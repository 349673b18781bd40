"""Names that a table's own fields and types take, and names that no table may take.

`{}` stands for what the table is called.
"""

from __future__ import annotations

ROOTS = ("{}", "{}ByPk")
TYPES = (
    "{}",
    "{}BoolExp",
    "{}OrderBy",
    "{}InsertInput",
    "{}SetInput",
    "{}PkColumnsInput",
    "{}SaveResult",
)
# Names that later versions of a table's group use are kept free for it from the start.
KEPT_ROOTS = ("{}Aggregate", "{}GroupBy", "{}Connection", "{}Stream")
KEPT_TYPES = (
    "{}Aggregate",
    "{}AggregateFields",
    "{}SumFields",
    "{}AvgFields",
    "{}MinFields",
    "{}MaxFields",
    "{}StddevFields",
    "{}StddevSampFields",
    "{}StddevPopFields",
    "{}VarianceFields",
    "{}VarSampFields",
    "{}VarPopFields",
    "{}Group",
    "{}Connection",
    "{}Edge",
    "{}SelectColumn",
    "{}IncInput",
    "{}ExpectInput",
    "{}Updates",
    "{}MutationResponse",
    "{}OnConflict",
    "{}Constraint",
    "{}UpdateColumn",
    "{}One",
    "{}Many",
    "{}ByPk",
    "{}AggregateBoolExp",
    "{}AggregateBoolExpCount",
    "{}AggregateBoolExpNumbers",
    "{}AggregateBoolExpAvg",
    "{}AggregateBoolExpFloats",
    "{}AggregateBoolExpBooleans",
    "{}NumberColumn",
    "{}BooleanColumn",
    "{}AggregateOrderBy",
    "{}NumbersOrderBy",
    "{}ValuesOrderBy",
    "{}GroupKeys",
    "{}GroupKeysOrderBy",
    "{}GroupOrderBy",
    "{}GroupBoolExp",
    "{}FiguresBoolExp",
    "{}SumBoolExp",
    "{}FloatsBoolExp",
    "{}ValuesBoolExp",
    "{}ObjRelInsertInput",
    "{}ArrRelInsertInput",
    "{}AppendInput",
    "{}PrependInput",
    "{}DeleteKeyInput",
    "{}DeleteElemInput",
    "{}DeleteAtPathInput",
)
# The last three can't be values of the enum of a table's columns.
FIXED_FIELDS = frozenset({"_and", "_or", "_not", "true", "false", "null"})
FIXED_ROOTS = frozenset({"node"})
_FIXED_TYPES = frozenset(
    {
        "Query",
        "Mutation",
        "Subscription",
        "Int",
        "Float",
        "String",
        "Boolean",
        "ID",
        "BigInt",
        "Decimal",
        "DateTime",
        "LocalDateTime",
        "Date",
        "LocalTime",
        "Duration",
        "UUID",
        "JSON",
        "Byte",
        "Node",
        "PageInfo",
        "OrderBy",
        "Resolve",
        "FieldChange",
        "NullComparisonExp",
        "JSONTextComparisonExp",
        "LtreeComparisonExp",
        "JSONCastExp",
        "OrderedComparisonExp",
        "EqualityComparisonExp",
        "EqualityArrayComparisonExp",
    }
)
_SCALARS = _FIXED_TYPES - {
    "Query",
    "Mutation",
    "Subscription",
    "Node",
    "PageInfo",
    "OrderBy",
    "Resolve",
    "FieldChange",
}
RESERVED_TYPES = (
    _FIXED_TYPES
    | {f"{name}ComparisonExp" for name in _SCALARS}
    | {f"{name}ArrayComparisonExp" for name in _SCALARS}
)
